import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

/** A request with headers that fetch would not send. */
export function raw(
  port: number,
  headers: Record<string, string | string[]>,
  path = '/echo',
): Promise<IncomingMessage & { text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(Object.assign(response, { text })));
    });
    request.on('error', reject);
    request.end();
  });
}

/** Bytes as they are, and what comes back. */
export function bytes(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (received.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}
