/**
 * The channel node over HTTP: three encodings of a batch, one meaning; views of channels and blocks.
 */
import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import {
  type BlockView,
  type ChannelView,
  type ExposureView,
  endpoints,
  hexOf,
  type SignedReceipt,
} from '#api';
import type { Hex } from '#encoding';
import { acceptedOf, ParameterPipe } from '#nest';
import { ChannelNode } from './channel-node.js';
import { parseSentBatch, type SentHeaders } from './sent-batch.js';

/** One way to write it: no sign, no zeros before, no exponent. */
const plainNumber = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, 'decimal digits')
  .transform(Number);
const channelId = new ParameterPipe('channelId', hexOf(32));
const blockNumber = new ParameterPipe('blockNumber', plainNumber);
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
    @Headers() headers: SentHeaders,
    @Body() body: unknown,
  ): Promise<SignedReceipt> {
    const { bytes, asSent } = acceptedOf(parseSentBatch(headers, body, channel));
    const answer = await this.#node.submit(bytes, channel);
    return acceptedOf(answer.ok ? answer : asSent(answer)).receipt;
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
