/** Exit code 0 if the app in this container can do its work; otherwise it prints why not. */
const url = `http://127.0.0.1:${process.env.PORT}/health/ready`;
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(9_000) });
  console.log(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (cause) {
  console.log(`${url} does not answer: ${cause.cause?.message ?? cause.message}`);
  process.exitCode = 1;
}
