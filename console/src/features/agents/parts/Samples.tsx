import { useState } from 'react'
import { CodeBlock } from '@/components/ui/copy'
import { cx } from '@/lib/classes'
import { isText, useRemembered } from '@/lib/remembered'
import { LANGUAGES, type Language, NO_KEY, needsOf, snippet, WAYS, type Way } from '../snippets/snippets'

interface SamplesProps {
  agent: string
  /** Only while a dialog on this page has just made one. */
  apiKey: string | undefined
}

const isLanguage = (value: unknown): value is Language =>
  isText(value) && LANGUAGES.some((language) => language.value === value)

/** A program that calls the agent, for each API and each language. */
export function Samples({ agent, apiKey }: SamplesProps) {
  const [way, setWay] = useState<Way>('native')
  const [language, setLanguage] = useRemembered<Language>('samples.language', 'curl', isLanguage)
  const chosen = WAYS.find((one) => one.value === way)
  const text = snippet(way, language, { origin: location.origin, key: apiKey, agent })
  const file = LANGUAGES.find((one) => one.value === language)?.file
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <Choice label="API" options={WAYS} value={way} onChange={setWay} />
        <Choice label="Language" options={LANGUAGES} value={language} onChange={setLanguage} />
      </div>
      <p className="text-muted text-sm">
        {chosen?.about} It needs {needsOf(way, language)}.
      </p>
      <CodeBlock text={text} title={<span className="font-mono text-xs">{file}</span>} />
      {!apiKey && (
        <p className="text-muted text-sm">
          Put your key in the place of <code className="font-mono text-xs">{NO_KEY}</code>.
        </p>
      )}
    </div>
  )
}

interface ChoiceProps<T extends string> {
  label: string
  options: readonly { value: T; label: string }[]
  value: T
  onChange: (value: T) => void
}

/** A few words beside each other, one of them chosen. */
export function Choice<T extends string>({ label, options, value, onChange }: ChoiceProps<T>) {
  return (
    <div
      role="group"
      aria-label={label}
      className="flex w-fit max-w-full overflow-x-auto rounded-md border bg-sunken p-0.5"
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cx(
            'h-7 shrink-0 rounded-sm px-2.5 text-sm',
            option.value === value
              ? 'bg-raised font-medium text-ink shadow-float'
              : 'text-muted hover:text-ink',
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
