import type { EndpointRequest, ProtectedRequest, TokenEndpointResponse } from '../http/messages.js';
import type { SignatureMethod } from '../oauth1/signature-methods.js';
import { OAuthConfigError } from '../errors/oauth.errors.js';
import { callApplication } from './application-function.js';

/** The argument and result type of each hook. A hook may be asynchronous. */
export interface ComplianceHooks {
  /** OAuth 1: runs before the response with a request token is validated. `data` has the parameters of the response. */
  request_token_response: TokenEndpointResponse;
  /**
   * Runs before a token response is validated, except the response to a refresh. OAuth 1: runs before the response with an access
   * token is validated, and `data` has the parameters of the response.
   */
  access_token_response: TokenEndpointResponse;
  /** Runs before a refresh request is sent. */
  refresh_token_request: EndpointRequest;
  /** Runs before the response to a refresh request is validated. */
  refresh_token_response: TokenEndpointResponse;
  /** Runs before an API call is sent: after the token was added (OAuth 2), or before the call is signed (OAuth 1). */
  protected_request: ProtectedRequest;
  /** Runs before a revocation request is sent (RFC 7009). */
  revoke_token_request: EndpointRequest;
  /** Runs before an introspection request is sent (RFC 7662). */
  introspect_token_request: EndpointRequest;
  /** Runs before a userinfo response is validated. Use it to add a missing `sub`. */
  userinfo_response: TokenEndpointResponse;
}

export type ComplianceHookName = keyof ComplianceHooks;
export type ComplianceHook<Name extends ComplianceHookName> = (
  subject: ComplianceHooks[Name],
) => ComplianceHooks[Name] | Promise<ComplianceHooks[Name]>;

/** A custom client authentication method. Adds the credentials to the request and returns the request. */
export type ClientAuthMethod = (
  request: EndpointRequest,
  client: { clientId: string; clientSecret?: string },
) => EndpointRequest | Promise<EndpointRequest>;

/** Registers a client's hooks and custom methods. */
export interface ComplianceSession {
  /** Registers a hook. Hooks with one name run in the order of their registration. */
  registerComplianceHook<Name extends ComplianceHookName>(name: Name, hook: ComplianceHook<Name>): void;
  /** Registers a client authentication method for `token_endpoint_auth_method`. */
  registerClientAuthMethod(name: string, method: ClientAuthMethod): void;
  /** Registers a signature method for `signature_method`. */
  registerSignatureMethod(name: string, method: SignatureMethod): void;
}

/**
 * Repairs a provider's non-standard requests and responses.
 *
 * @example
 * complianceFix: (session) =>
 *   session.registerComplianceHook('access_token_response', (response) => {
 *     response.data.expires_in = Number(response.data.expires_minutes) * 60;
 *     return response;
 *   })
 */
export type ComplianceFix = (session: ComplianceSession) => void;

type RegisteredHooks = { [Name in ComplianceHookName]: ComplianceHook<Name>[] };

/** The hooks and methods that a client's `complianceFix` registered. */
export class Compliance implements ComplianceSession {
  readonly clientAuthMethods = new Map<string, ClientAuthMethod>();
  readonly signatureMethods = new Map<string, SignatureMethod>();
  readonly #hooks: RegisteredHooks = {
    access_token_response: [],
    request_token_response: [],
    refresh_token_request: [],
    refresh_token_response: [],
    protected_request: [],
    revoke_token_request: [],
    introspect_token_request: [],
    userinfo_response: [],
  };

  /** @throws {RangeError} when a hook name does not exist; also any error that the fix throws */
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
   * Returns `subject` after all hooks with this name.
   * @throws {OAuthConfigError} when a hook throws, or does not return an object
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
