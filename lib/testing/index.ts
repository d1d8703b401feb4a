export { MemoryTokenStore } from './memory-token-store.js';
export { tokenStoreContract, type ContractCase } from './token-store-contract.js';
