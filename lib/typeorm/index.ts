export { CreateOAuthTokens1764000000000 } from './create-oauth-tokens.migration.js';
export { OAuth1TokenEntity } from './oauth1-token.entity.js';
export { OAuth2TokenEntity } from './oauth2-token.entity.js';
export { OAuthTokenLockEntity } from './oauth-token-lock.entity.js';
export { TypeOrmTokenStore } from './typeorm-token-store.js';
