// Answers as its properties say, and remembers the requests it got in an environment-wide list.
const requests = [];

exports.handler = async (event) => {
  if (event.show) return requests;
  requests.push(event);
  const { Mode, ...properties } = event.ResourceProperties;
  if (Mode === 'silent') return;
  if (Mode === 'throw') throw new Error('the function broke');
  const answer = {
    Status: Mode === 'fail' ? 'FAILED' : 'SUCCESS',
    Reason: Mode === 'fail' ? 'the schema is newer than the code' : undefined,
    PhysicalResourceId: event.PhysicalResourceId ?? `physical-${event.LogicalResourceId}`,
    StackId: event.StackId,
    RequestId: Mode === 'confused' ? 'another' : event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: { Seen: JSON.stringify(properties.Value ?? null), Number: 7, Long: Mode === 'long' ? 'x'.repeat(5000) : '' },
  };
  const response = await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
  if (!response.ok) throw new Error(`ResponseURL answered ${response.status}`);
};
