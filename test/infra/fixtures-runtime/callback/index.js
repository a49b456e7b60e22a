exports.handler = (_event, _context, callback) => callback(null, 'the old way');
