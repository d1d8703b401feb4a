import { Controller, Get, NotFoundException, Param, Req } from '@nestjs/common';
import type { Request } from 'express';
import { OAuthRegistry } from 'nestjs-oauth-client';

/** Calls a provider's API for the user who is signed in. The library finds the token, and refreshes it. */
@Controller()
export class ApiController {
  constructor(private readonly registry: OAuthRegistry) {}

  @Get('api/:provider/me')
  async me(@Param('provider') provider: string, @Req() request: Request): Promise<unknown> {
    if (!this.registry.has(provider)) throw new NotFoundException();
    const { data } = await this.registry.get(provider).get('me', { request });
    return data;
  }

  @Get('health')
  health(): object {
    return { status: 'ok', providers: this.registry.names };
  }
}
