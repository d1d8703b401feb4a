import type { OAuth2Token as Token } from 'nestjs-oauth-client';
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

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  user!: Relation<User>;

  toToken(): Token {
    return {
      tokenType: this.tokenType,
      accessToken: this.accessToken,
      refreshToken: this.refreshToken ?? undefined,
      expiresAt: this.expiresAt ?? undefined,
    };
  }
}
