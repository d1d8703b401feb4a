import type { OAuth2Token as Token } from 'nestjs-oauth-client';
import type { JsonWebKey } from 'node:crypto';
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, Unique, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/** An OAuth 2 token of a user, one for each provider. */
@Entity('oauth2_token')
@Unique(['user', 'name'])
export class OAuth2Token {
  @PrimaryGeneratedColumn()
  id!: number;

  /** The name of the client. */
  @Column({ length: 40 })
  name!: string;

  @Column({ length: 40 })
  tokenType!: string;

  @Column()
  accessToken!: string;

  @Column({ type: 'varchar', nullable: true })
  refreshToken!: string | null;

  /** Seconds since 1970. */
  @Column({ type: 'int', nullable: true })
  expiresAt!: number | null;

  /** Identifies the user at the provider for the logout (`id_token_hint`). */
  @Column({ type: 'varchar', nullable: true })
  idToken!: string | null;

  /** The private key to which a token of the type `dpop` is bound. Encrypt it if others can read the database. */
  @Column({ type: 'json', nullable: true })
  dpopKey!: object | null;

  /** The provider to which the token is bound. The token is not sent to any other provider. */
  @Column({ type: 'varchar', nullable: true })
  issuer!: string | null;

  /** The client that the token is bound to. */
  @Column({ type: 'varchar', nullable: true })
  clientId!: string | null;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  user!: Relation<User>;

  toToken(): Token {
    return {
      tokenType: this.tokenType,
      accessToken: this.accessToken,
      refreshToken: this.refreshToken ?? undefined,
      expiresAt: this.expiresAt ?? undefined,
      idToken: this.idToken ?? undefined,
      dpopKey: (this.dpopKey as JsonWebKey | null) ?? undefined,
      issuer: this.issuer ?? undefined,
      clientId: this.clientId ?? undefined,
    };
  }
}
