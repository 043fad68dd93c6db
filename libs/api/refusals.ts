/**
 * The one table of refusals: every code with which an endpoint says no, and what the asker can do about it.
 */

export interface RefusalMeaning {
  /** HTTP status of the problem. */
  readonly status: number;
  /** What was expected, as a sentence. */
  readonly expected: string;
  /** What to do, as a sentence. */
  readonly advice: string;
  /** Whether the very same request may be accepted later. */
  readonly retryable: boolean;
}

const shape = {
  'too-large': {
    status: 413,
    expected: 'A binary batch has at most 65,536 bytes, a JSON or NDJSON body at most 1 MiB.',
    advice: 'Split the records over several batches of at most 1,000.',
    retryable: false,
  },
  'not-parsable': {
    status: 400,
    expected: 'The body is what its content type says: a record batch of wire-formats.md 4, JSON or NDJSON.',
    advice: 'Look at `errors` for the place, correct the encoder and send the batch again.',
    retryable: false,
  },
  'unsupported-media-type': {
    status: 415,
    expected:
      'Content-Type is one that the endpoint lists, text is UTF-8, and Content-Encoding gzip, zstd or none.',
    advice: 'Set the header that the detail names to the encoding of the body, or encode the body so.',
    retryable: false,
  },
  'not-found': {
    status: 404,
    expected: 'Method and path are those of an endpoint.',
    advice: 'Compare the URL with the list of endpoints.',
    retryable: false,
  },
  'method-not-allowed': {
    status: 405,
    expected: 'The method is one that the path has.',
    advice: 'Use a method of the header Allow.',
    retryable: false,
  },
  'wrong-count': {
    status: 400,
    expected: 'The header counts 1 to 1,021 records and the body holds exactly as many.',
    advice: 'Write the number of records into the header before signing it.',
    retryable: false,
  },
  'wrong-channel': {
    status: 400,
    expected: 'The channel in the batch is the channel in the path.',
    advice: 'Send the batch to the path of the channel for which it was signed.',
    retryable: false,
  },
} as const;

const admission = {
  'unknown-channel': {
    status: 404,
    expected: 'The channel is open on the base chain and the participant of this node takes part in it.',
    advice:
      'Check the channel id and the base chain; a channel opened just now is known with the next height.',
    retryable: true,
  },
  'unknown-block': {
    status: 404,
    expected: 'The block number is below blocksMax of the channel terms.',
    advice: 'Take the block number from the bid request of the impression.',
    retryable: false,
  },
  'block-not-open': {
    status: 409,
    expected: 'The block’s collection has begun by the time of the base chain.',
    advice: 'Send the same batch again once the block has begun.',
    retryable: true,
  },
  'block-closed': {
    status: 409,
    expected: 'The block still collects: its end and the grace for late notices have not passed.',
    advice: 'Nothing more enters this block; send records of one block within its collection period.',
    retryable: false,
  },
  'channel-closed': {
    status: 409,
    expected: 'The block starts no later than the channel was closed.',
    advice: 'Open a new channel for further impressions.',
    retryable: false,
  },
  'not-a-participant': {
    status: 403,
    expected: 'The author is the index of a participant of the channel.',
    advice: 'Use the index that the channel terms give to your account.',
    retryable: false,
  },
  'no-record-key': {
    status: 403,
    expected: 'The author had a record key registered before the block’s collection started.',
    advice: 'Register a record key; it counts from the next block that starts after that.',
    retryable: false,
  },
  'author-bytes-used-up': {
    status: 429,
    expected:
      'An author’s batches of one block are at most authorBytesMax bytes, each counting with 2,048 or more.',
    advice: 'Put more records into each batch; what does not fit cannot enter this block.',
    retryable: false,
  },
  'sequence-conflict': {
    status: 409,
    expected: 'An author uses a sequence once in a block; only the same batch may come again.',
    advice: 'Give the batch a sequence that was not used in this block, sign it and send it again.',
    retryable: false,
  },
  'wrong-block': {
    status: 409,
    expected: 'All records of one impression carry one block number, the one in its bid request.',
    advice: 'Write the record for the block that the impression already belongs to.',
    retryable: false,
  },
  'exposure-limit': {
    status: 429,
    expected:
      'What the participant delivered and is not yet sure to be paid for is below its own EXPOSURE_LIMIT_NANO.',
    advice:
      'Stop serving this payer, ask it for its records and its auditors for theirs, keep the batch and send it again within the block.',
    retryable: true,
  },
  'cover-limit': {
    status: 429,
    expected:
      'What the participant earns in the block is below COVER_PERCENT of what its line surely pays for the block.',
    advice:
      'Stop serving this payer in this block, ask it to deposit, keep the batch and send it again within the block.',
    retryable: true,
  },
} as const;

const records = {
  'wrong-record': {
    status: 422,
    expected: 'Kind, version, author, counterparty and flags of every record are allowed in this channel.',
    advice: 'Look at `errors` for the record and its field.',
    retryable: false,
  },
  'price-not-a-number': {
    status: 422,
    expected: 'The price is decimal text such as "1.25": digits and an optional fraction, no exponent.',
    advice: 'Write the price as decimal text in quotation marks.',
    retryable: false,
  },
  'price-negative': {
    status: 422,
    expected: 'The price is zero or more.',
    advice: 'Correct the price; a refund is not a record.',
    retryable: false,
  },
  'price-too-large': {
    status: 422,
    expected: 'The price of one impression is at most priceNanoMax of the channel terms.',
    advice:
      'Check the unit: `price` is per thousand impressions, `priceNano` is for one in 1e-9 of the currency.',
    retryable: false,
  },
  'price-too-precise': {
    status: 422,
    expected: 'A price per thousand has at most six decimals, so that one impression costs whole nano-units.',
    advice: 'Round the price as agreed with the counterparty before signing.',
    retryable: false,
  },
  'unresolved-macro': {
    status: 422,
    expected: 'Macros such as ${AUCTION_PRICE} were replaced before the record was made.',
    advice: 'Let the exchange or ad server fill the macro in, or take the value from the auction.',
    retryable: false,
  },
  'id-not-acceptable': {
    status: 422,
    expected:
      'An id is 1 to 256 bytes of UTF-8 without U+0000, and none that stands for no id, such as null, - or blanks.',
    advice: 'Use the id of the bid request as it is.',
    retryable: false,
  },
} as const;

const authentication = {
  'bad-signature': {
    status: 403,
    expected: 'The header is signed as EIP-712 typed data by the author’s record key of this block.',
    advice:
      'Check domain, field order and key; the key is the one registered at the block’s collection start.',
    retryable: false,
  },
  'high-s': {
    status: 403,
    expected: 'The signature has s in the lower half of the group order.',
    advice: 'Replace s by n − s and v by 55 − v, or let the library make canonical signatures.',
    retryable: false,
  },
  'wrong-root': {
    status: 422,
    expected: 'recordsRoot is the Merkle root over the SHA-256 of each record, in batch order.',
    advice: 'Compute the root over the very bytes that are sent.',
    retryable: false,
  },
} as const;

const delegation = {
  'wrong-validator': {
    status: 403,
    expected: 'The delegation names the validator that it is sent to.',
    advice: 'Send it to the endpoint that the validator registered on the base chain.',
    retryable: false,
  },
  'block-not-in-processing': {
    status: 409,
    expected: 'Processing of the block has begun by the time of the base chain.',
    advice: 'Send the same delegation again when it has.',
    retryable: true,
  },
  'commits-over': {
    status: 409,
    expected: 'Results may still be committed: the first half of processing lasts and nothing was revealed.',
    advice: 'If nobody reveals, sign another delegation for the extension of processing.',
    retryable: false,
  },
  'block-over': {
    status: 409,
    expected: 'The block is not past processing.',
    advice: 'Nothing: no result of this block can be committed any more.',
    retryable: false,
  },
  'delegation-expired': {
    status: 409,
    expected: 'notAfter of the delegation has not passed.',
    advice: 'Sign a delegation with a higher nonce and a later notAfter.',
    retryable: false,
  },
  'seat-taken': {
    status: 409,
    expected: 'No validator has committed for this seat under the same or a higher nonce.',
    advice: 'Nothing: the seat is taken; to displace who sits there, sign a delegation with a higher nonce.',
    retryable: false,
  },
  'delegation-not-signed': {
    status: 403,
    expected: 'The delegation is signed as EIP-712 typed data by the participant’s current operator key.',
    advice: 'Check domain, field order and key.',
    retryable: false,
  },
  'no-operator-key': {
    status: 403,
    expected: 'The participant has an operator key registered on the base chain.',
    advice: 'Register one from the account, then send the delegation that it signed.',
    retryable: true,
  },
  'not-own-validator': {
    status: 403,
    expected: 'The account of a binding delegation named this validator as its own before the block started.',
    advice: 'Sign a delegation that does not bind, and name the validator from the account for later blocks.',
    retryable: false,
  },
  'fee-too-low': {
    status: 402,
    expected: 'feeWei is at least what the validator takes for a block of this account.',
    advice: 'Sign a delegation with a higher nonce and a higher fee, or delegate to another validator.',
    retryable: false,
  },
  'fee-not-covered': {
    status: 402,
    expected: 'The participant’s account has feeWei free in the Vault, which the commit reserves.',
    advice: 'Deposit wei for the account (depositWei), then send the same delegation again.',
    retryable: true,
  },
  'key-commitment-not-proven': {
    status: 422,
    expected: 'keyPath leads from keyCommitment at the block number to keysRoot of the channel terms.',
    advice: 'Take commitment and path of this very block.',
    retryable: false,
  },
  'box-does-not-open': {
    status: 422,
    expected: 'sealedBlockKey is a box for the validator’s registered encryption key.',
    advice: 'Box the block key for the key that the base chain has of this validator now.',
    retryable: false,
  },
  'box-of-another-delegation': {
    status: 422,
    expected: 'The block key is boxed together with the digest of the delegation beside it.',
    advice: 'Box the block key again with the digest of the very delegation that is sent.',
    retryable: false,
  },
  'block-key-differs': {
    status: 422,
    expected: 'The boxed block key is the one that keyCommitment commits to.',
    advice: 'Derive the key of this very block from the channel secret.',
    retryable: false,
  },
  'delegation-replaced': {
    status: 409,
    expected: 'No delegation with a higher nonce was accepted for this seat.',
    advice: 'Nothing, or sign a delegation with a still higher nonce.',
    retryable: false,
  },
  'nonce-used': {
    status: 409,
    expected: 'A nonce belongs to one delegation of a seat.',
    advice: 'Sign the changed delegation with a higher nonce.',
    retryable: false,
  },
  'too-many-requests': {
    status: 429,
    expected: 'The validator has room for another waiting request.',
    advice: 'Send the same request again after Retry-After seconds, or delegate to another validator.',
    retryable: true,
  },
  'stake-used-up': {
    status: 429,
    expected: 'The validator is registered and has stake left for the bond of another seat.',
    advice: 'Delegate to another validator, or send the same request again when blocks are over.',
    retryable: true,
  },
} as const;

/** What the HTTP edge of any service says before a request reaches its endpoint. */
const edge = {
  'not-http': {
    status: 400,
    expected: 'What comes over a connection is HTTP/1.1 with headers of at most 16 KiB.',
    advice: 'Look at the client and at proxies between.',
    retryable: false,
  },
  'request-timeout': {
    status: 408,
    expected: 'A request has come whole in time: its headers within 10 seconds, its body within 20.',
    advice: 'Send the same request again, over a faster line or in smaller pieces.',
    retryable: true,
  },
  'too-busy': {
    status: 503,
    expected: 'There is room for the body beside those of other requests.',
    advice: 'Send the same request again after Retry-After seconds.',
    retryable: true,
  },
  'shutting-down': {
    status: 503,
    expected: 'The service is not about to end.',
    advice: 'Send the same request again after Retry-After seconds, over a new connection.',
    retryable: true,
  },
} as const;

const faults = {
  'record-log-unavailable': {
    status: 503,
    expected: 'The record log can be reached and is able to write.',
    advice: 'Send the same batch again after Retry-After seconds; nothing was acknowledged.',
    retryable: true,
  },
  'key-value-unavailable': {
    status: 503,
    expected: 'The key-value store can be reached.',
    advice: 'Send the same request again after Retry-After seconds.',
    retryable: true,
  },
  'part-store-unavailable': {
    status: 503,
    expected: 'The part store can be reached.',
    advice: 'Send the same request again after Retry-After seconds.',
    retryable: true,
  },
  'chain-unavailable': {
    status: 503,
    expected: 'The base chain can be reached, and a block that the request is for cannot be over unseen.',
    advice: 'Send the same request again after Retry-After seconds.',
    retryable: true,
  },
  'intake-claimed-elsewhere': {
    status: 503,
    expected: 'This channel node has the intake of the channel to itself.',
    advice: 'Send the same batch again after Retry-After seconds, or to the node that has the channel.',
    retryable: true,
  },
  'node-not-registered': {
    status: 503,
    expected: 'The base chain names the operator key of this node as its participant’s.',
    advice:
      'Send the same batch again after Retry-After seconds; the node’s operator has to register its key.',
    retryable: true,
  },
  'temporarily-unavailable': {
    status: 503,
    expected: 'The service runs and all that it stands on can be reached.',
    advice: 'Send the same request again after Retry-After seconds.',
    retryable: true,
  },
  'internal-error': {
    status: 500,
    expected: 'The service has no bug.',
    advice: 'Report it with the requestId; the log of the service holds the cause.',
    retryable: true,
  },
} as const;

const table = { ...shape, ...admission, ...records, ...authentication, ...delegation, ...edge, ...faults };

export type RefusalCode = keyof typeof table;
export const refusals: Readonly<Record<RefusalCode, RefusalMeaning>> = table;
export const refusalCodes = Object.keys(table) as RefusalCode[];

/** One place within what was sent. */
export interface RefusedPlace {
  /** JSON pointer (RFC 6901) into the batch as JSON has it, for example `/records/3/price`. */
  readonly pointer: string;
  readonly detail: string;
}

/** An expected no, as a value. */
export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  /** What was found instead of the expected. */
  readonly detail: string;
  readonly places?: readonly RefusedPlace[];
}

export function refuse(code: RefusalCode, detail: string, places?: readonly RefusedPlace[]): Refusal {
  return places === undefined ? { ok: false, code, detail } : { ok: false, code, detail, places };
}

export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(table, code);
}
