import type { JsonWebKey } from 'node:crypto';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `bigint` comes from the database as text. */
const seconds = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

/** An OAuth 2 token of a user, or of the client itself. */
@Entity('oauth2_token')
export class OAuth2TokenEntity {
  /** The client that it was got with. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** Your user's id; empty for the client's own token. */
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

  /** Seconds that it was made for. */
  @Column({ name: 'expires_in', type: 'bigint', nullable: true, transformer: seconds })
  expiresIn!: number | null;

  @Column({ type: 'text', nullable: true })
  scope!: string | null;

  @Column({ name: 'id_token', type: 'text', nullable: true })
  idToken!: string | null;

  /** The APIs that it was asked for. */
  @Column({ type: 'json', nullable: true })
  resource!: string[] | null;

  /** The private JWK that a token of the type `dpop` is bound to. */
  @Column({ name: 'dpop_key', type: 'json', nullable: true })
  dpopKey!: JsonWebKey | null;

  /** Whatever else the provider sent. `json`, since `jsonb` refuses some texts. */
  @Column({ type: 'json' })
  extra!: Record<string, unknown>;

  /** Another one after each save. */
  @Column({ type: 'text' })
  version!: string;
}
