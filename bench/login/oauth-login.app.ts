import { loginModule } from './login-module.js';

export const AppModule = loginModule();
