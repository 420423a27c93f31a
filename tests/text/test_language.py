"""Languages of reports."""

import pytest

from bot.text.language import detect_language


@pytest.mark.parametrize(
    "prose, expected",
    [
        ("It crashes when I start it, and the log is empty for me.", "en"),
        ("Cuando abro la aplicación no se inicia y el registro está vacío para mí.", "es"),
        ("Quando abro o programa ele não inicia e o log está vazio para mim, você sabe como.", "pt"),
        ("Quand je lance le programme, il ne se passe rien et le journal est vide pour moi.", "fr"),
        ("Wenn ich das Programm starte, passiert nichts und die Ausgabe ist leer, aber nicht bei mir.", "de"),
        ("Quando apro il programma non si avvia e il registro è vuoto per me, ma non come ieri.", "it"),
        ("Bu program çok yavaş ve bir hata var ama neden değil gibi.", "tr"),
        ("Po starcie programu nie ma nic w logu i to się nie zmienia, ale jak to jest.", "pl"),
        ("启动后立即崩溃，日志是空的。", "zh"),
        ("起動するとすぐにクラッシュします。", "ja"),
        ("시작하면 바로 종료됩니다.", "ko"),
        ("Программа не запускается.", "ru"),
        ("التطبيق لا يعمل", "ar"),
        ("התוכנה לא עובדת", "he"),
        ("โปรแกรมไม่ทำงาน", "th"),
        ("यह काम नहीं करता", "hi"),
        ("Το πρόγραμμα δεν ξεκινά", "el"),
        ("请帮忙看一下这个问题。API Error: 400 when the request is sent to the server", "zh"),
        ("登录失败，显示 API Error: 500 Internal server error. This is a server-side issue, usually temporary", "zh"),
        ("Вход не работает после обновления: the model is not available, please try again in a minute", "ru"),
        ("ログイン画面 is shown: ログインに失敗しました。", "ja"),
        (
            "It fails, and I have tried it with another model. 1. open C:\\项目\\文档\\测试说明.md",
            "en",
        ),
        ("The menu says “您已达到使用限制” and I do not know what it means, since it was not there before.", "en"),
        ("I am Владимир, and it crashes when I start it on my machine, but not on the other one.", "en"),
        ("It is `Программа не запускается` that I see in the log, when I start it for the first time.", "en"),
        ("crash", None),
        ("", None),
        ("123 !?", None),
    ],
)
def test_the_language_is_told(prose: str, expected: str | None) -> None:
    assert detect_language(prose) == expected
