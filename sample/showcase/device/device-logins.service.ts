import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { OAuthRegistry, type OAuth2App } from 'nestjs-oauth-client';
import type { DeviceAuthorization, TokenGrant } from 'nestjs-oauth-client/protocol';
import { randomUUID } from 'node:crypto';
import { TV } from './tv.js';

/** A login that waits for the user's answer on another device. */
export interface DeviceLogin {
  id: string;
  device: DeviceAuthorization;
  /** The token; or the error, when the user says no or does not answer in time. */
  grant: Promise<TokenGrant>;
  /** Whether the answer is there. */
  isOver: boolean;
}

/** Logins on other devices, waited for in the background, for as long as the process lives. */
@Injectable()
export class DeviceLoginsService implements OnApplicationShutdown {
  readonly #logins = new Map<string, DeviceLogin>();
  readonly #shutdown = new AbortController();

  constructor(private readonly registry: OAuthRegistry) {}

  async begin(): Promise<DeviceLogin> {
    this.#forgetTheAbandoned();
    const device = await this.registry.get<OAuth2App>(TV).deviceAuthorization();
    const grant = device.wait({ signal: this.#shutdown.signal });
    const login = { id: randomUUID(), device, grant, isOver: false };
    this.#logins.set(login.id, login);
    const end = (): void => void (login.isOver = true);
    grant.then(end, end); // an error is told to whoever asks for the grant
    return login;
  }

  find(id: string | undefined): DeviceLogin | undefined {
    return id === undefined ? undefined : this.#logins.get(id);
  }

  /** What came of a login; it can be taken once. */
  take({ id, grant }: DeviceLogin): Promise<TokenGrant> {
    this.#logins.delete(id);
    return grant;
  }

  onApplicationShutdown(): void {
    this.#shutdown.abort(new Error('the showcase shuts down'));
  }

  /** Those whose time is up, and whose browser did not come back to be told. */
  #forgetTheAbandoned(): void {
    for (const { id, device, isOver } of this.#logins.values()) {
      if (isOver && device.expiresAt.getTime() < Date.now()) this.#logins.delete(id);
    }
  }
}
