export { sendApiRequest } from './api-request.js';
export { createHttpClient, mergedDefaults } from './axios-client.js';
export { sendProtocolRequest } from './protocol-request.js';
