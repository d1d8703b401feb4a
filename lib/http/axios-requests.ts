export { sendApiRequest } from './api-request.js';
export { createAxiosInstance, mergedDefaults } from './axios-instance.js';
export { sendProtocolRequest } from './protocol-request.js';
