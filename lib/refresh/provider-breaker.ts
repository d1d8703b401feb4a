import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhen,
  type CircuitBreakerPolicy,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import { errorFields, logEvent } from '../observability/log.js';
import { ProviderError } from '../oauth.errors.js';

/** Milliseconds of the pause after the first failure, which every further one doubles, and of the longest. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;
/** Longest pause that a provider may ask for, in milliseconds. */
const LONGEST_ASKED = 3_600_000;

/**
 * Leaves a provider alone that is down or has enough (no answer, 5xx, 429): for as long as its `Retry-After` says, or longer
 * with every failure. Then one request tries it, and the others wait for what comes of it.
 */
export class ProviderBreaker {
  readonly #name: string;
  readonly #policy: CircuitBreakerPolicy;
  #pausedUntil = 0;

  constructor(name: string) {
    this.#name = name;
    this.#policy = circuitBreaker(handleWhen(isTemporary), {
      breaker: new ConsecutiveBreaker(1),
      halfOpenAfter: new DelegateBackoff((failure: IHalfOpenAfterBackoffContext) => this.#pauseAfter(failure)),
    });
  }

  /** What everybody is told while the provider is left alone. */
  refusal(): ProviderError | undefined {
    return Date.now() < this.#pausedUntil ? this.#isLeftAlone() : undefined;
  }

  /** @throws {ProviderError} at once, while the provider is left alone */
  async run<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await this.#policy.execute(request);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#isLeftAlone() : error;
    }
  }

  #pauseAfter({ attempt, result }: IHalfOpenAfterBackoffContext): number {
    const error = 'error' in result ? result.error : undefined;
    const asked = error instanceof ProviderError ? (error.retryAfter ?? 0) * 1000 : 0;
    const own = Math.min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE) * (0.5 + Math.random() / 2);
    const pause = Math.max(own, Math.min(asked, LONGEST_ASKED));
    this.#pausedUntil = Date.now() + pause;
    logEvent('warn', 'provider is left alone', {
      client: this.#name,
      milliseconds: Math.round(pause),
      ...errorFields(error),
    });
    return pause;
  }

  #isLeftAlone(): ProviderError {
    const seconds = Math.max(1, Math.ceil((this.#pausedUntil - Date.now()) / 1000));
    return new ProviderError({
      description: `the provider of "${this.#name}" has just failed, and is left alone for ${seconds} s`,
      status: 503,
      answered: { status: 503, headers: { 'retry-after': String(seconds) } },
    });
  }
}

function isTemporary(error: unknown): boolean {
  return error instanceof ProviderError && error.isTemporary;
}
