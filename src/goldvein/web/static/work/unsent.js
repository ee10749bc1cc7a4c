// Answers that the server does not have yet, kept in the browser under the account that gave them: a lost
// connection, a reload or a closed tab loses none. A lease's answer stands there once; the latest counts.

export class Unsent {
  constructor(account, storage = window.localStorage) {
    this.key = `goldvein.unsent.${account}`;
    this.storage = storage;
  }

  all() {
    try {
      const found = JSON.parse(this.storage.getItem(this.key) ?? "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }

  put(lease, body) {
    this.#write([...this.all().filter((one) => one.lease !== lease), { lease, body }]);
  }

  drop(lease) {
    this.#write(this.all().filter((one) => one.lease !== lease));
  }

  #write(answers) {
    try {
      if (answers.length) this.storage.setItem(this.key, JSON.stringify(answers));
      else this.storage.removeItem(this.key);
    } catch {
      // Storage is full or forbidden: the answers are still in this page's hands.
    }
  }
}
