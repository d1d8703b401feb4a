import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who may refresh a token; there is a row as long as somebody does. */
@Entity('oauth_token_lock')
export class OAuthTokenLockEntity {
  /** The client. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** The user whose token it is; empty for the client's own. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  holder!: string;

  /** By the database's clock. */
  @Column({ name: 'leased_until', type: 'timestamptz' })
  leasedUntil!: Date;

  /** Whether the holder before this one let its lease run out. */
  @Column({ type: 'boolean' })
  interrupted!: boolean;
}
