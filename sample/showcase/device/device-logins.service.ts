import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OAuthRegistry, type OAuth2App } from 'nestjs-oauth-client';
import type { DeviceAuthorization, TokenGrant } from 'nestjs-oauth-client/protocol';
import { randomUUID } from 'node:crypto';
import { TV } from './tv.js';

/** A login that waits until the user approves or denies it on another device. */
export interface DeviceLogin {
  id: string;
  device: DeviceAuthorization;
  /** Resolves with the token, or rejects when the user denies the login or does not decide in time. */
  grant: Promise<TokenGrant>;
  /** Whether `grant` is settled. */
  isOver: boolean;
}

/** Keeps logins on other devices in memory, and waits for their tokens in the background. */
@Injectable()
export class DeviceLoginsService implements OnApplicationShutdown {
  readonly #logins = new Map<string, DeviceLogin>();
  readonly #shutdown = new AbortController();

  constructor(private readonly registry: OAuthRegistry) {}

  async begin(): Promise<DeviceLogin> {
    this.#removeAbandoned();
    const device = await this.registry.get<OAuth2App>(TV).deviceAuthorization();
    const grant = device.wait({ signal: this.#shutdown.signal });
    const login = { id: randomUUID(), device, grant, isOver: false };
    this.#logins.set(login.id, login);
    const end = (): void => void (login.isOver = true);
    grant.then(end, end); // the caller of take() receives the error
    return login;
  }

  find(id: string | undefined): DeviceLogin | undefined {
    return id === undefined ? undefined : this.#logins.get(id);
  }

  /** Removes a login, and returns its result. */
  take({ id, grant }: DeviceLogin): Promise<TokenGrant> {
    this.#logins.delete(id);
    return grant;
  }

  onApplicationShutdown(): void {
    this.#shutdown.abort(new Error('the showcase shuts down'));
  }

  /** Removes expired logins whose browser did not return. */
  #removeAbandoned(): void {
    for (const { id, device, isOver } of this.#logins.values()) {
      if (isOver && device.expiresAt.getTime() < Date.now()) this.#logins.delete(id);
    }
  }
}
