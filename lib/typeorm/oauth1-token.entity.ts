import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An OAuth 1 token of a user or of the client. */
@Entity('oauth1_token')
export class OAuth1TokenEntity {
  /** The name of the client. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** The id of your user. Empty for the client's token. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ name: 'oauth_token', type: 'text' })
  oauthToken!: string;

  @Column({ name: 'oauth_token_secret', type: 'text' })
  oauthTokenSecret!: string;

  /** Other fields of the provider's response. The type is `json`, because `jsonb` refuses strings with `\u0000` or lone surrogates. */
  @Column({ type: 'json' })
  extra!: Record<string, unknown>;

  /** A new value after each save. */
  @Column({ type: 'text' })
  version!: string;
}
