import { Problem } from './oauth1-problem.js';

export type Parameters = readonly (readonly [name: string, value: string])[];

/** The parameters of a request by their location (RFC 5849 §3.5). */
export interface Places {
  authorization: string | undefined;
  url: string;
  /** The parameters of a form body. */
  form: string;
}

/** Returns all signed parameters, and the protocol parameters, which must be in one location, each once. */
export function readParameters({ authorization, url, form }: Places): {
  parameters: Parameters;
  protocol: Map<string, string>;
} {
  const header = headerParameters(authorization);
  const query = [...new URL(url, 'http://localhost').searchParams];
  const body = [...new URLSearchParams(form)];
  const [place = [], ...others] = [header, query, body].map(protocolParameters).filter(({ length }) => length > 0);
  if (others.length > 0) throw new Problem(400, 'parameter_rejected', 'OAuth parameters in more than one place');
  const protocol = new Map(place);
  if (protocol.size !== place.length) throw new Problem(400, 'parameter_rejected', 'an OAuth parameter came twice');
  return { parameters: [...header, ...query, ...body], protocol };
}

/** Returns a required parameter. */
export function required(protocol: ReadonlyMap<string, string>, name: string): string {
  const value = protocol.get(name);
  if (!value) throw new Problem(400, 'parameter_absent', name);
  return value;
}

function protocolParameters(parameters: Parameters): Parameters {
  return parameters.filter(([name]) => name.startsWith('oauth_'));
}

/** RFC 5849 §3.5.1. Only the `realm` of the header is not signed (§3.4.1.3.1). */
function headerParameters(header = ''): Parameters {
  if (!/^OAuth /i.test(header)) return [];
  return [...header.slice('OAuth '.length).matchAll(/([\w.~%-]+)="([^"]*)"/g)]
    .map(([, name = '', value = '']) => [decode(name), decode(value)] as const)
    .filter(([name]) => name !== 'realm');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Problem(400, 'parameter_rejected', 'percent-encoding in the Authorization header');
  }
}
