export { loginStorageContract } from './login-storage-contract.js';
export { MemoryTokenStore } from '../token/memory-token-store.js';
export { tokenStoreContract, type ContractCase } from './token-store-contract.js';
