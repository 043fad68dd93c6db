import { describe, expect, it } from '@jest/globals';
import { holdsMacro } from './index.js';

const spellings = [
  ...['{{X}}', '${x}', '$%7BX%7D', '%24%7BX%7D', '%%X%%', '[X]', '{x}', '{{ auction id }}', '${IMP-ID}'],
  ...['${AUCTION_PRICE:B64}', '%7B%7BX%7D%7D', '%5BX%5D', '%257BX%257D', '%2524%257bx%257d', '%25%25X%25%25'],
  ...['@@X@@', '##X##', '#{X}', '__X__', '__AUCTION_ID__', '<X>', '{auction.id}', '${', '{{cut off'],
];

describe('a macro that nobody replaced', () => {
  it.each(spellings)('is seen in %s, in either case and with text around it', (spelling) => {
    for (const text of [spelling, spelling.toLowerCase(), spelling.toUpperCase(), `id-${spelling}-9`]) {
      expect([text, holdsMacro(text)]).toEqual([text, true]);
    }
  });

  it.each([
    ...[
      '',
      'a1',
      'e3b0c44298fc1c14',
      '{3F2504E0-4F89-11D3-9A0C-0305E82C3301}',
      '100%',
      '5%25',
      'a[0]',
      '1.25',
    ],
    ...['snake__case__id', 'mail@example.com', 'a<b', 'a#b', 'https://x.example/?a=%20b', '中文', '__'],
  ])('is not seen in %j', (text) => {
    expect(holdsMacro(text)).toBe(false);
  });
});
