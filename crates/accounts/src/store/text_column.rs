use sea_orm::{
    ColIdx, DbErr, QueryResult, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

use crate::{Stage, delivery::DeliveryState, verifier::Kind};

/// Stores an enum as the text that its `as_str` gives, and reads it by its `parse`.
macro_rules! text_column {
    ($name:ident) => {
        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                value.as_str().into()
            }
        }

        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = String::try_get_by(row, index)?;
                let unknown = || DbErr::Type(format!("`{text}` is no {}", stringify!($name)));
                $name::parse(&text).ok_or_else(|| unknown().into())
            }
        }

        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                $name::parse(&<String as ValueType>::try_from(value)?).ok_or(ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> ArrayType {
                ArrayType::String
            }

            fn column_type() -> ColumnType {
                <String as ValueType>::column_type()
            }
        }

        impl Nullable for $name {
            fn null() -> Value {
                Value::String(None)
            }
        }
    };
}

text_column!(Stage);
text_column!(Kind);
text_column!(DeliveryState);
