import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { OAuthConfigError } from 'nestjs-oauth-client';

/** For a provider that has no logout: the session here has ended, and nothing more can. */
@Catch(OAuthConfigError)
export class SignedOutHereFilter implements ExceptionFilter<OAuthConfigError> {
  catch(_error: OAuthConfigError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().redirect('/');
  }
}
