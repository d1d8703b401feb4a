import { Controller, Get, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ErrorPageFilter } from '../error-page.filter.js';
import { devicePage } from '../pages/device.page.js';
import { beginSession } from '../session.js';
import { TokensService } from '../tokens/tokens.service.js';
import { readProfile } from '../users/profile.js';
import { UsersService } from '../users/users.service.js';
import { DeviceLoginsService, type DeviceLogin } from './device-logins.service.js';
import { qrCode } from './qr-code.js';
import { TV, TV_PROVIDER } from './tv.js';

/** A login on a device without a keyboard: it shows a code, and the user signs in elsewhere (RFC 8628). */
@Controller('device')
@UseFilters(ErrorPageFilter)
export class DeviceController {
  constructor(
    private readonly logins: DeviceLoginsService,
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  /** Begins a login, or shows the one that this browser waits for; the page asks again by itself. */
  @Get()
  async show(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { session } = request;
    const login = this.logins.find(session.deviceLogin) ?? (await this.logins.begin());
    session.deviceLogin = login.id;
    if (login.isOver) {
      await this.signIn(request, login);
      response.redirect('/');
      return;
    }
    const { userCode, verificationUri, verificationUriComplete = verificationUri } = login.device;
    const user = await this.users.find(session.userId);
    const page = devicePage({
      userCode,
      verificationUri,
      verificationUriComplete,
      qrCode: await qrCode(verificationUriComplete),
      user: user?.displayName,
    });
    response.type('html').set('Cache-Control', 'no-store').send(page);
  }

  /** @throws {OAuthError} when the user said no, or time is up */
  private async signIn(request: Request, login: DeviceLogin): Promise<void> {
    const { token, claims = {} } = await this.logins.take(login);
    const user = await this.users.signIn(TV_PROVIDER, readProfile(claims), null);
    await this.tokens.save(TV, user, token);
    await beginSession(request, { userId: user.id, claims });
  }
}
