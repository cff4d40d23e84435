// What is to be restored, put together over several steps. Kept while one looks at other pages.

const kEmpty = {
  is_whole: false,
  target: null,
  place: 'new',
  into: '',
  on_conflict: 'skip',
  reason: '',
};

// Tells "change" when something of the request has changed.
class Draft extends EventTarget {
  constructor(mailbox, night) {
    super();
    Object.assign(this, kEmpty, { mailbox, night, folders: new Map(), items: new Map() });
  }

  set(values) {
    Object.assign(this, values);
    this.dispatchEvent(new Event('change'));
  }

  // What an item's id means may differ from one restore point to the next; a folder's path does
  // not.
  move_to(night) {
    const lost = this.items.size;
    this.items.clear();
    this.set({ night });
    return lost;
  }

  toggle(record, is_chosen) {
    const [chosen, key] =
      record.type === 'folder' ? [this.folders, record.path] : [this.items, record.id];
    if (is_chosen) chosen.set(key, record);
    else chosen.delete(key);
    this.set({});
  }

  has(record) {
    return record.type === 'folder' ? this.folders.has(record.path) : this.items.has(record.id);
  }

  get is_empty() {
    return !this.is_whole && this.folders.size === 0 && this.items.size === 0;
  }

  // The body of POST jobs.
  request(more) {
    return {
      command: 'restore',
      mailbox: this.mailbox.mailbox_id,
      at: this.night.id,
      folders: this.is_whole ? [] : [...this.folders.keys()],
      items: this.is_whole ? [] : [...this.items.keys()],
      ...(this.target && { to: this.target.mailbox_id }),
      ...(this.place === 'in_place' ? { in_place: true } : this.into !== '' && { into: this.into }),
      on_conflict: this.on_conflict,
      ...more,
    };
  }
}

let current = null;
export function draft_for(mailbox, night) {
  if (current?.mailbox.mailbox_id !== mailbox.mailbox_id) current = new Draft(mailbox, night);
  current.mailbox = mailbox;
  return current;
}

export function forget_draft() {
  current = null;
}
