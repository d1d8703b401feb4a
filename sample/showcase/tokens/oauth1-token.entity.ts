import type { OAuth1Token as Token } from 'nestjs-oauth-client';
import { Column, Entity, ManyToOne, PrimaryGeneratedColumn, Unique, type Relation } from 'typeorm';
import { User } from '../users/user.entity.js';

/** An OAuth 1 token of a user, one for each provider. */
@Entity('oauth1_token')
@Unique(['user', 'name'])
export class OAuth1Token {
  @PrimaryGeneratedColumn()
  id!: number;

  /** The name of the client. */
  @Column({ length: 40 })
  name!: string;

  @Column()
  oauthToken!: string;

  @Column()
  oauthTokenSecret!: string;

  /** The provider to which the token is bound. The token is not sent to any other provider. */
  @Column({ type: 'varchar', nullable: true })
  issuer!: string | null;

  /** The client that the token is bound to. */
  @Column({ type: 'varchar', nullable: true })
  clientId!: string | null;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  user!: Relation<User>;

  toToken(): Token {
    const { oauthToken, oauthTokenSecret, issuer, clientId } = this;
    return { oauthToken, oauthTokenSecret, issuer: issuer ?? undefined, clientId: clientId ?? undefined };
  }
}
