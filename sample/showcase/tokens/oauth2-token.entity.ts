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

  /** The provider. */
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

  /** Names the user at the provider when they sign out. */
  @Column({ type: 'varchar', nullable: true })
  idToken!: string | null;

  /** The private key that a token of the type `dpop` is bound to; encrypt it where the database has many readers. */
  @Column({ type: 'json', nullable: true })
  dpopKey!: object | null;

  /** The provider that the token is bound to: it is not sent to another one. */
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
