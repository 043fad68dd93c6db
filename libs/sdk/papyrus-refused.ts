/**
 * What a client of Papyrus throws: one class tree, each with a code, a short message and where to read on.
 */
import { errorsPage, type Problem, type RefusalCode, type RefusedPlace, refusals } from '#api';

export class PapyrusError extends Error {
  readonly code: string;
  /** One sentence, without what to do. */
  readonly shortMessage: string;
  /** The line of the code in the error reference, relative to the project. */
  readonly docsUrl: string;
  /** Whether the very same request may succeed later. */
  readonly retryable: boolean;

  constructor(
    facts: { code: string; shortMessage: string; advice: string; retryable: boolean },
    options?: { cause?: unknown },
  ) {
    const docsUrl = `${errorsPage}#${facts.code}`;
    super(`${sentence(facts.shortMessage)} ${sentence(facts.advice)}\nDocs: ${docsUrl}`, options);
    this.name = new.target.name;
    this.code = facts.code;
    this.shortMessage = facts.shortMessage;
    this.docsUrl = docsUrl;
    this.retryable = facts.retryable;
  }
}

/** The node answered no. */
export class PapyrusRefused extends PapyrusError {
  override readonly code: RefusalCode;
  readonly status: number;
  readonly requestId: string;
  /** Places in what was sent, as JSON pointers. */
  readonly places: readonly RefusedPlace[];

  constructor(problem: Problem & { readonly code: RefusalCode }) {
    const { advice } = refusals[problem.code];
    super({
      code: problem.code,
      shortMessage: problem.title,
      advice: problem.detail ? `Found: ${problem.detail}` : advice,
      retryable: problem.retryable,
    });
    this.code = problem.code;
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.places = problem.errors;
  }
}

/** Nobody answered, or what answered is no node of this version; the same request is worth sending again. */
export class PapyrusUnreachable extends PapyrusError {
  constructor(shortMessage: string, options?: { cause?: unknown }) {
    const advice = 'Check the address and the network, then send the same request again';
    super({ code: 'unreachable', shortMessage, advice, retryable: true }, options);
  }
}

/** Texts of the wire are sentences, ours are not yet. */
function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}
