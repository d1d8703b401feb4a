export {
  OAuthHealthIndicator,
  type OAuthHealth,
  type OAuthHealthOptions,
  type PartHealth,
} from '../nest/oauth.health.js';
