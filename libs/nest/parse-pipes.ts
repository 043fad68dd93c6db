/** Parses at the border: parameters and JSON bodies against their schema, before a controller sees them. */
import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { parseStrictJson, placesOf, refuse } from '#api';
import { messageOf } from '#environment';
import { RefusalException } from './problem-filter.js';

/** For a parameter of the path. */
export class ParameterPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  readonly #name: string;
  readonly #schema: Schema;

  constructor(name: string, schema: Schema) {
    this.#name = name;
    this.#schema = schema;
  }

  transform(value: unknown): z.output<Schema> {
    const parsed = this.#schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const detail = `${this.#name} in the path is not as expected`;
    throw new RefusalException(refuse('not-parsable', detail, placesOf(parsed.error.issues)));
  }
}

/** For a body that arrived as bytes and is JSON. */
export class JsonBodyPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  transform(body: unknown): z.output<Schema> {
    const parsed = this.#schema.safeParse(jsonOf(body));
    if (parsed.success) return parsed.data;
    const places = placesOf(parsed.error.issues);
    throw new RefusalException(refuse('not-parsable', 'the body is not as expected', places));
  }
}

function jsonOf(body: unknown): unknown {
  const parsed = parseStrictJson(textOf(body));
  if (parsed.ok) return parsed.value;
  const { detail, pointer } = parsed;
  const places = [{ pointer, detail }];
  throw new RefusalException(refuse('not-parsable', `the body is no JSON: ${detail}`, places));
}

function textOf(body: unknown): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body as Uint8Array);
  } catch (cause) {
    throw new RefusalException(refuse('not-parsable', `the body is no JSON: ${messageOf(cause)}`));
  }
}
