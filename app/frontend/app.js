// The page. What people typed reaches it as text only (textContent, value), never as markup.
import { api, ApiError, forget, remember, signedIn } from './api.js';

const $ = (selector) => document.querySelector(selector);
const day = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'medium' });
const state = { me: undefined, q: '', next: null };

function say(text) {
  $('#notice').textContent = text;
  $('#notice').hidden = text === '';
}

// Every action goes through here: its error becomes the notice, and an expired session leads back to the door.
async function attempt(action) {
  say('');
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const expired = error.status === 401 && signedIn();
    if (expired) {
      forget();
      show();
    }
    say(expired ? 'Session expirée : reconnectez-vous.' : error.message);
  }
}

const onSubmit = (selector, action) =>
  $(selector).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(() => action(event.target));
  });

function show() {
  $('#outside').hidden = signedIn();
  $('#inside').hidden = !signedIn();
  $('#who').hidden = !signedIn();
}

async function enter() {
  show();
  showMe(await api.me());
  await search('');
}

function showMe(me) {
  state.me = me;
  $('#who span').textContent = me.name;
  const form = $('#own');
  form.elements.name.value = me.name;
  form.elements.email.value = me.email;
  form.elements.avatar.value = '';
  const picture = form.querySelector('img');
  picture.hidden = !me.avatar;
  if (me.avatar) load(picture, me.id);
}

async function load(image, id) {
  const url = URL.createObjectURL(await api.avatar(id));
  image.onload = () => URL.revokeObjectURL(url);
  image.src = url;
}

async function search(q) {
  state.q = q;
  $('#people').replaceChildren();
  await append(0);
}

async function append(after) {
  const { users, next } = await api.people(state.q, after);
  $('#people').append(...users.map(row));
  $('#nobody').hidden = $('#people').children.length > 0;
  $('#more').hidden = next === null;
  state.next = next;
}

function row(user) {
  const line = document.createElement('tr');
  const picture = document.createElement('td');
  if (user.avatar) {
    const image = document.createElement('img');
    image.alt = '';
    picture.append(image);
    // A picture that cannot be had is no reason to hide the person.
    load(image, user.id).catch(() => image.remove());
  }
  const cells = [user.name, user.email, day.format(new Date(user.created_at))].map((text) => {
    const cell = document.createElement('td');
    cell.textContent = text;
    return cell;
  });
  line.append(picture, ...cells);
  return line;
}

const values = (form) => Object.fromEntries(new FormData(form));

onSubmit('#sign-in', async (form) => {
  const { email, password } = values(form);
  remember((await api.signIn(email, password)).token);
  form.reset();
  await enter();
});

onSubmit('#sign-up', async (form) => {
  const person = values(form);
  await api.signUp(person);
  remember((await api.signIn(person.email, person.password)).token);
  form.reset();
  await enter();
});

onSubmit('#own', async (form) => {
  const { name, email, avatar } = values(form);
  if (avatar.size > 0) await api.setAvatar(state.me.id, avatar);
  showMe(await api.change(state.me.id, { name, email }));
  await search(state.q);
});

onSubmit('#search', (form) => search(values(form).q));
$('#more').addEventListener('click', () => attempt(() => append(state.next)));

$('#sign-out').addEventListener('click', () =>
  attempt(async () => {
    await api.signOut();
    forget();
    show();
  }),
);

$('#delete').addEventListener('click', () => {
  if (!confirm('Supprimer définitivement votre compte ?')) return;
  attempt(async () => {
    await api.remove(state.me.id);
    forget();
    show();
  });
});

api
  .health()
  .then((health) => {
    const count = health.database?.users?.toLocaleString('fr-FR');
    $('#health').textContent = health.status === 'ok' ? `${count} personnes` : 'Service indisponible';
  })
  .catch(() => {
    $('#health').textContent = 'Service injoignable';
  });

if (signedIn()) attempt(enter);
else show();
