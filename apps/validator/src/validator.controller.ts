/** The validator over HTTP: takes validation requests. */
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { endpoints, validationRequestSchema } from '#api';
import { acceptedOf, JsonBodyPipe } from '#nest';
import type { ValidationRequest } from '#protocol';
import { Validator } from './validator.js';

const { requestValidation } = endpoints;

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
}
