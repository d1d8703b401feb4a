import type { JWK } from 'jose';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Converts a `bigint`, which the database driver returns as a string. */
const seconds = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

/** An OAuth 2 token of a user or of the client. */
@Entity('oauth2_token')
export class OAuth2TokenEntity {
  /** The name of the client. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** The id of your user. Empty for the client's token. */
  @PrimaryColumn({ name: 'user_id', type: 'text' })
  userId!: string;

  @Column({ name: 'token_type', type: 'text' })
  tokenType!: string;

  @Column({ name: 'access_token', type: 'text' })
  accessToken!: string;

  @Column({ name: 'refresh_token', type: 'text', nullable: true })
  refreshToken!: string | null;

  /** Seconds since 1970. */
  @Column({ name: 'expires_at', type: 'bigint', nullable: true, transformer: seconds })
  expiresAt!: number | null;

  /** The lifetime of the token in seconds. */
  @Column({ name: 'expires_in', type: 'bigint', nullable: true, transformer: seconds })
  expiresIn!: number | null;

  @Column({ type: 'text', nullable: true })
  scope!: string | null;

  @Column({ name: 'id_token', type: 'text', nullable: true })
  idToken!: string | null;

  /** The resource indicators of the token request (RFC 8707). */
  @Column({ type: 'json', nullable: true })
  resource!: string[] | null;

  /** The private JWK to which a token of the type `dpop` is bound (RFC 9449). */
  @Column({ name: 'dpop_key', type: 'json', nullable: true })
  dpopKey!: JWK | null;

  /** Other fields of the provider's response. The type is `json`, because `jsonb` refuses strings with `\u0000` or lone surrogates. */
  @Column({ type: 'json' })
  extra!: Record<string, unknown>;

  /** A new value after each save. */
  @Column({ type: 'text' })
  version!: string;
}
