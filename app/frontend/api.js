// The API, with the token of the person who is signed in. The token lives as long as the tab.
const TOKEN = 'token';
const LABELS = { email: 'E-mail', name: 'Nom', password: 'Mot de passe' };

export class ApiError extends Error {
  constructor(status, error) {
    const fields = (error.fields ?? []).map((one) => `${LABELS[one.field] ?? one.field} : ${one.message}`);
    super([error.message, ...fields].join('\n'));
    this.status = status;
  }
}

export const signedIn = () => sessionStorage.getItem(TOKEN) !== null;
export const forget = () => sessionStorage.removeItem(TOKEN);
export const remember = (token) => sessionStorage.setItem(TOKEN, token);

async function send(method, path, body) {
  const headers = signedIn() ? { Authorization: `Bearer ${sessionStorage.getItem(TOKEN)}` } : {};
  const isFile = body instanceof Blob;
  if (body !== undefined && !isFile) headers['Content-Type'] = 'application/json';
  const payload = body === undefined || isFile ? body : JSON.stringify(body);
  const response = await fetch(`/api${path}`, { method, headers, body: payload }).catch(() => undefined);
  if (response === undefined) throw new ApiError(0, { message: 'Le serveur est injoignable.' });
  if (response.ok) return response;
  const answer = await response.json().catch(() => undefined);
  throw new ApiError(response.status, answer?.error ?? { message: `Erreur ${response.status}.` });
}

const json = async (method, path, body) => (await send(method, path, body)).json();
const page = (q, after) => `/users?${new URLSearchParams({ q, after, limit: 50 })}`;

export const api = {
  health: async () => (await fetch('/api/health')).json(),
  signIn: (email, password) => json('POST', '/login', { email, password }),
  signUp: (person) => json('POST', '/users', person),
  signOut: () => send('POST', '/logout'),
  me: () => json('GET', '/me'),
  people: (q, after) => json('GET', page(q, after)),
  change: (id, wanted) => json('PATCH', `/users/${id}`, wanted),
  remove: (id) => send('DELETE', `/users/${id}`),
  avatar: async (id) => (await send('GET', `/users/${id}/avatar`)).blob(),
  setAvatar: (id, file) => send('PUT', `/users/${id}/avatar`, file),
};
