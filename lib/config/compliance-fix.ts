import type { EndpointRequest, ProtectedRequest, TokenEndpointResponse } from '../http/messages.js';
import type { SignatureMethod } from '../oauth1/signature-methods.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { callApplication } from './application-function.js';

/** What a hook takes and returns; each may be asynchronous. */
export interface ComplianceHooks {
  /** Before the answer to an authorization code is checked. */
  access_token_response: TokenEndpointResponse;
  /** Before a refresh is sent. */
  refresh_token_request: EndpointRequest;
  /** Before the answer to a refresh is checked. */
  refresh_token_response: TokenEndpointResponse;
  /** Before an API call leaves: with the token already in it (OAuth 2), or before it is signed (OAuth 1). */
  protected_request: ProtectedRequest;
  /** Before a token is revoked (RFC 7009). */
  revoke_token_request: EndpointRequest;
  /** Before a token is introspected (RFC 7662). */
  introspect_token_request: EndpointRequest;
  /** Before the answer of the userinfo endpoint is checked: the place to give `sub` to what has none. */
  userinfo_response: TokenEndpointResponse;
}

export type ComplianceHookName = keyof ComplianceHooks;
export type ComplianceHook<Name extends ComplianceHookName> = (
  subject: ComplianceHooks[Name],
) => ComplianceHooks[Name] | Promise<ComplianceHooks[Name]>;

/** A client authentication method of one's own: puts the credentials into the request and returns it. */
export type ClientAuthMethod = (
  request: EndpointRequest,
  client: { clientId: string; clientSecret?: string },
) => EndpointRequest | Promise<EndpointRequest>;

/** Where a client's deviations from the standard are registered. */
export interface ComplianceSession {
  /** Registers a hook; several of one name run in the order of their registration. */
  registerComplianceHook<Name extends ComplianceHookName>(name: Name, hook: ComplianceHook<Name>): void;
  /** Registers a method that `token_endpoint_auth_method` then names. */
  registerClientAuthMethod(name: string, method: ClientAuthMethod): void;
  /** Registers a method that `signature_method` then names. */
  registerSignatureMethod(name: string, method: SignatureMethod): void;
}

/**
 * Mends a provider that breaks the standard.
 *
 * @example
 * complianceFix: (session) =>
 *   session.registerComplianceHook('access_token_response', (response) => {
 *     Object.assign(response.data, response.data.authed_user); // Slack's token of the user
 *     return response;
 *   })
 */
export type ComplianceFix = (session: ComplianceSession) => void;

type RegisteredHooks = { [Name in ComplianceHookName]: ComplianceHook<Name>[] };

/** What one client's `complianceFix` has registered. */
export class Compliance implements ComplianceSession {
  readonly clientAuthMethods = new Map<string, ClientAuthMethod>();
  readonly signatureMethods = new Map<string, SignatureMethod>();
  readonly #hooks: RegisteredHooks = {
    access_token_response: [],
    refresh_token_request: [],
    refresh_token_response: [],
    protected_request: [],
    revoke_token_request: [],
    introspect_token_request: [],
    userinfo_response: [],
  };

  /** @throws what the fix throws, and `RangeError` for a hook name that does not exist */
  constructor(fix?: ComplianceFix) {
    fix?.(this);
  }

  registerComplianceHook<Name extends ComplianceHookName>(name: Name, hook: ComplianceHook<Name>): void {
    if (!Object.hasOwn(this.#hooks, name)) {
      throw new RangeError(`there is no compliance hook "${name}"; there are ${Object.keys(this.#hooks).join(', ')}`);
    }
    this.#hooks[name].push(hook);
  }

  registerClientAuthMethod(name: string, method: ClientAuthMethod): void {
    this.clientAuthMethods.set(name, method);
  }

  registerSignatureMethod(name: string, method: SignatureMethod): void {
    this.signatureMethods.set(name, method);
  }

  /**
   * Passes `subject` through the hooks of that name.
   * @throws {OAuthConfigError} when a hook throws, or returns nothing
   */
  async run<Name extends ComplianceHookName>(
    name: Name,
    subject: ComplianceHooks[Name],
  ): Promise<ComplianceHooks[Name]> {
    for (const hook of this.#hooks[name]) {
      const before = subject;
      subject = await callApplication(`compliance_fix: the hook "${name}"`, () => hook(before));
      if (!isObject(subject))
        throw new OAuthConfigError([
          `compliance_fix: the hook "${name}" did not return an object. End it with a return statement`,
        ]);
    }
    return subject;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
