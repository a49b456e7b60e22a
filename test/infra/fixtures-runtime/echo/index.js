// Answers with what it was told to, or shows the event it got.
exports.handler = async (event) => {
  const body = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body;
  if (event.headers['x-answer'] === 'body') return JSON.parse(body);
  if (event.headers['x-answer'] === 'throw') throw new Error('a secret detail');
  if (event.headers['x-answer'] === 'hang') return new Promise(() => undefined);
  if (event.headers['x-answer'] === 'slow') await new Promise((resolve) => setTimeout(resolve, 200));
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', 'x-function': process.env.NAME },
    body: JSON.stringify(event),
  };
};
