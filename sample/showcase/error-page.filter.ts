import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { OAuthError } from 'nestjs-oauth-client';
import { errorPage } from './pages/error.page.js';

/** Shows what went wrong with a login as a page. */
@Catch(OAuthError)
export class ErrorPageFilter implements ExceptionFilter<OAuthError> {
  catch(error: OAuthError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(error.getStatus()).type('html').send(errorPage(error));
  }
}
