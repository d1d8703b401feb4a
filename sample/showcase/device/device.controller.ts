import { Controller, Get, GoneException, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { devicePage } from '../pages/device.page.js';
import { beginSession } from '../session.js';
import { TokensService } from '../tokens/tokens.service.js';
import { readProfile } from '../users/profile.js';
import { UsersService } from '../users/users.service.js';
import { DeviceLoginsService, type DeviceLogin } from './device-logins.service.js';
import { qrCode } from './qr-code.js';
import { TV, TV_PROVIDER } from './tv.js';

/** The message for a tab with the code of a completed login. */
const STALE = 'Its code is no longer in use: the login was completed in another tab, or the showcase was restarted.';

/** Signs users in on a device without a keyboard: the device shows a code, and the user signs in on another device (RFC 8628). */
@Controller('device')
export class DeviceController {
  constructor(
    private readonly logins: DeviceLoginsService,
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  /**
   * Starts a login, or shows the login of this browser. The page reloads automatically with the id of its login (`waitsFor`).
   * Throws `GoneException` if another tab completed the login, or if the showcase was restarted.
   */
  @Get()
  async show(@Req() request: Request, @Res() response: Response, @Query('waitsFor') waitsFor?: string): Promise<void> {
    const { session } = request;
    const pending = this.logins.find(session.deviceLogin);
    if (waitsFor !== undefined && waitsFor !== pending?.id) throw new GoneException(STALE);
    const login = pending ?? (await this.logins.begin());
    session.deviceLogin = login.id;
    if (login.isOver) {
      await this.signIn(request, login);
      response.redirect('/');
      return;
    }
    const { userCode, verificationUri, verificationUriComplete = verificationUri } = login.device;
    const user = await this.users.find(session.userId);
    const page = devicePage({
      id: login.id,
      userCode,
      verificationUri,
      verificationUriComplete,
      qrCode: await qrCode(verificationUriComplete),
      user: user?.displayName,
    });
    response.type('html').set('Cache-Control', 'no-store').send(page);
  }

  /** @throws {OAuthError} when the user denied the login, or did not decide in time */
  private async signIn(request: Request, login: DeviceLogin): Promise<void> {
    const { token, claims = {} } = await this.logins.take(login);
    const user = await this.users.signIn(TV_PROVIDER, readProfile(claims), null);
    await this.tokens.save(TV, user, token);
    await beginSession(request, { userId: user.id, claims });
  }
}
