export { OAuthHealthIndicator, type OAuthHealth, type OAuthHealthOptions, type PartHealth } from './oauth.health.js';
