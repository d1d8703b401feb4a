import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An OAuth 1 token of a user, or of the client itself. */
@Entity('oauth1_token')
export class OAuth1TokenEntity {
  /** The client that it was got with. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** Your user's id; empty for the client's own token. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ name: 'oauth_token', type: 'text' })
  oauthToken!: string;

  @Column({ name: 'oauth_token_secret', type: 'text' })
  oauthTokenSecret!: string;

  /** Whatever else the provider sent. `json`, since `jsonb` refuses some texts. */
  @Column({ type: 'json' })
  extra!: Record<string, unknown>;

  /** Another one after each save. */
  @Column({ type: 'text' })
  version!: string;
}
