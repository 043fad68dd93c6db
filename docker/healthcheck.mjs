/** Exit code 0 if the app in this container is well: one that serves HTTP must answer, another must only be running. */
const port = process.env.PORT;
if (port !== undefined && port !== '') {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/health`).catch(() => undefined);
  process.exitCode = answer?.ok ? 0 : 1;
}
