"""The forms of reviews."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.reviews.models import Draft
from app.reviews.rules import LONGEST_NAME, LONGEST_TEXT, LONGEST_TITLE, clean_line, clean_text
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

_STARS = (
    (5, Text("Excellent")),
    (4, Text("Good")),
    (3, Text("All right")),
    (2, Text("Poor")),
    (1, Text("Bad")),
)


def _at_most(longest: int) -> Length:
    return Length(max=longest, message=TOO_LONG)


class ReviewForm(ShopForm):
    """What a buyer says."""

    stars = RadioField(
        Text("Stars"),
        choices={str(stars): word for stars, word in _STARS},
        validators=[InputRequired(Text("Please choose one to five stars."))],
    )
    title = StringField(
        Text("In a few words"),
        filters=[clean_line],
        validators=[
            DataRequired(Text("Please sum it up in a few words.")),
            _at_most(LONGEST_TITLE),
        ],
    )
    text = TextAreaField(
        Text("Your review"),
        filters=[clean_text],
        validators=[DataRequired(Text("Please say a little more.")), _at_most(LONGEST_TEXT)],
    )
    name = StringField(
        Text("Name shown with it"),
        filters=[clean_line],
        validators=[DataRequired(Text("Please enter a name to show.")), _at_most(LONGEST_NAME)],
    )

    def draft(self) -> Draft:
        """What a valid form says."""
        return Draft(
            stars=int(self.stars.data),
            title=self.title.data or "",
            text=self.text.data or "",
            name=self.name.data or "",
        )
