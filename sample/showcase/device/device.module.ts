import { Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { UsersModule } from '../users/users.module.js';
import { DeviceLoginsService } from './device-logins.service.js';
import { DeviceController } from './device.controller.js';

@Module({ imports: [UsersModule, TokensModule], providers: [DeviceLoginsService], controllers: [DeviceController] })
export class DeviceModule {}
