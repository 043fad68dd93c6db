/** The validator over HTTP: takes validation requests, and says whether it can do its work. */
import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import type { HealthView } from '#api';
import { endpoints, validationRequestSchema } from '#api';
import { acceptedOf, JsonBodyPipe } from '#nest';
import type { ValidationRequest } from '#protocol';
import { Validator } from './validator.js';

const { requestValidation, showHealth } = endpoints;

@Controller()
export class ValidatorController {
  readonly #validator: Validator;

  constructor(@Inject(Validator) validator: Validator) {
    this.#validator = validator;
  }

  @Post(requestValidation.path)
  @HttpCode(requestValidation.status)
  async requestValidation(
    @Body(new JsonBodyPipe(validationRequestSchema)) request: ValidationRequest,
  ): Promise<{ accepted: true; nonce: string }> {
    const accepted = acceptedOf(await this.#validator.accept(request));
    return { accepted: true, nonce: String(accepted.nonce) };
  }

  @Get(showHealth.path)
  async showHealth(): Promise<HealthView> {
    const { height, timestampSeconds } = await this.#validator.chainTime();
    return { status: 'ok', chainHeight: height, chainTime: timestampSeconds };
  }
}
