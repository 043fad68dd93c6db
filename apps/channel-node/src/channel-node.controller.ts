/**
 * The channel node over HTTP: three encodings of a batch, one meaning; views of channels and blocks.
 */
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  type BlockView,
  batchMediaType,
  type ChannelView,
  type ExposureView,
  endpoints,
  hexOf,
  jsonMediaType,
  ndjsonMediaType,
  type ParsedBatch,
  parseJsonBatch,
  parseNdjsonBatch,
  refuse,
  type SignedReceipt,
} from '#api';
import type { Hex } from '#encoding';
import { acceptedOf, ParameterPipe } from '#nest';
import { ChannelNode } from './channel-node.js';

const channelId = new ParameterPipe('channelId', hexOf(32));
const blockNumber = new ParameterPipe('blockNumber', z.coerce.number().int().nonnegative());
const { submitRecords, showChannel, showBlock, showExposure } = endpoints;

@Controller()
export class ChannelNodeController {
  readonly #node: ChannelNode;

  constructor(@Inject(ChannelNode) node: ChannelNode) {
    this.#node = node;
  }

  @Post(submitRecords.path)
  @HttpCode(submitRecords.status)
  async submit(
    @Param('channelId', channelId) channel: Hex,
    @Headers('content-type') contentType: string | undefined,
    @Body() body: Uint8Array | undefined,
  ): Promise<SignedReceipt> {
    const { bytes } = acceptedOf(parseBatch(contentType, body, channel));
    return acceptedOf(await this.#node.submit(bytes, channel)).receipt;
  }

  @Get(showChannel.path)
  async channel(@Param('channelId', channelId) channel: Hex): Promise<ChannelView> {
    return acceptedOf(await this.#node.channel(channel)).view;
  }

  @Get(showExposure.path)
  async exposure(@Param('channelId', channelId) channel: Hex): Promise<ExposureView> {
    return acceptedOf(await this.#node.exposure(channel)).view;
  }

  @Get(showBlock.path)
  async block(
    @Param('channelId', channelId) channel: Hex,
    @Param('blockNumber', blockNumber) block: number,
  ): Promise<BlockView> {
    return acceptedOf(await this.#node.block(channel, block)).view;
  }
}

function parseBatch(
  contentType: string | undefined,
  body: Uint8Array | undefined,
  channel: Hex,
): ParsedBatch {
  if (!(body instanceof Uint8Array)) return refuse('not-parsable', 'the request has no body');
  const type = contentType?.split(';', 1)[0].trim().toLowerCase();
  if (type === batchMediaType) return { ok: true, bytes: body };
  const text = textOf(body);
  if (text === undefined) return refuse('not-parsable', 'the body is not UTF-8');
  if (type === jsonMediaType) return parseJsonBatch(text, channel);
  if (type === ndjsonMediaType) return parseNdjsonBatch(text, channel);
  return refuse('unsupported-media-type', `${type} is none of ${submitRecords.accepts.join(', ')}`);
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
