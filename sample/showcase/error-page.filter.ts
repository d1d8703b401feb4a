import { Catch, HttpException, Logger, type ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Request, Response } from 'express';
import { errorPage } from './pages/error.page.js';

/** Shows errors as HTML pages to browsers. Scripts and providers receive the JSON of Nest. */
@Catch()
export class ErrorPageFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('Showcase');

  override catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent || request.accepts(['json', 'html']) !== 'html') {
      super.catch(error, host);
      return;
    }
    if (!(error instanceof HttpException)) this.#logger.error(error);
    const status = error instanceof HttpException ? error.getStatus() : 500;
    response.status(status).type('html').send(errorPage(error, request.path));
  }
}
