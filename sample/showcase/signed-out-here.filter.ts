import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { OAuthConfigError } from 'nestjs-oauth-client';

/** Redirects to the home page for a provider without logout: only the session of the showcase was ended. */
@Catch(OAuthConfigError)
export class SignedOutHereFilter implements ExceptionFilter<OAuthConfigError> {
  catch(_error: OAuthConfigError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().redirect('/');
  }
}
