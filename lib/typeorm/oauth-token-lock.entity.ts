import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The lock of a token. A row exists while a process refreshes the token. */
@Entity('oauth_token_lock')
export class OAuthTokenLockEntity {
  /** The name of the client. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** The id of your user. Empty for the client's token. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  holder!: string;

  /** The end of the lease, by the clock of the database. */
  @Column({ name: 'leased_until', type: 'timestamptz' })
  leasedUntil!: Date;

  /** Whether the lease of the previous holder ended before the lock was released. */
  @Column({ type: 'boolean' })
  interrupted!: boolean;
}
