// What the cases of classic groups are made of: stories that are told of a group of their own.

import type { Case } from './case.ts'
import { ClassicStory, type StoryMember, subscription } from './classic-story.ts'

export type Stories = Readonly<Record<string, (story: ClassicStory) => Promise<unknown>>>

export const versions = (last: number, first = 0): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index)

export const inVersions = (
  title: string,
  numbers: readonly number[],
  tell: (story: ClassicStory, version: number) => Promise<unknown>,
): Stories => Object.fromEntries(numbers.map((version) => [`${title}, v${version}`, (story: ClassicStory) => tell(story, version)]))

/** Two members, A the leader. */
export async function pair(story: ClassicStory, changes: Parameters<ClassicStory['member']>[1] = {}): Promise<[StoryMember, StoryMember]> {
  const members: [StoryMember, StoryMember] = [story.member('A', changes), story.member('B', changes)]
  await story.stable(...members)
  return members
}

export const oneProtocol = (name: string) => [{ name, metadata: subscription('records') }]

export const told = (prefix: string, stories: Stories): Case[] =>
  Object.entries(stories).map(([title, tell]) => ({
    title: `${prefix}: ${title}`,
    async ask(broker) {
      await broker.waitForGroups()
      const story = new ClassicStory(broker, `${prefix}: ${title}`)
      return story.told(await tell(story))
    },
  }))
